/** Refuses names that would mean something else on the wire. These are mistakes of the caller, hence TypeError. */
/** A subject to send to: no wildcard, no white space, no empty token. */
export declare function checkSubject(subject: string): void;
/** A subject to listen to: wildcards allowed. */
export declare function checkPattern(pattern: string): void;
/** The name of a queue, view, queue group or connection. */
export declare function checkName(name: string): void;
/** A key of a view. */
export declare function checkKey(key: string): void;
