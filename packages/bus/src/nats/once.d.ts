/** Runs work that several callers may ask for at the same time only once; the next call after it settled runs it anew. */
export declare function onceAtATime<T>(work: () => Promise<T>): () => Promise<T>;
