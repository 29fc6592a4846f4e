/** Refuses names that would mean something else on the wire. These are mistakes of the caller, hence TypeError. */
const subjectForm = /^[^\s.*>]+(\.[^\s.*>]+)*$/u;
const patternForm = /^([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?$|^>$/u;
const nameForm = /^[A-Za-z0-9_-]{1,64}$/;
const keyForm = /^[\w=/-]+(\.[\w=/-]+)*$/;
/** A subject to send to: no wildcard, no white space, no empty token. */
export function checkSubject(subject) {
  if (!subjectForm.test(subject)) throw new TypeError(`Not a subject: ${JSON.stringify(subject)}`);
}
/** A subject to listen to: wildcards allowed. */
export function checkPattern(pattern) {
  if (!patternForm.test(pattern)) throw new TypeError(`Not a subject or pattern: ${JSON.stringify(pattern)}`);
}
/** The name of a queue, view, queue group or connection. */
export function checkName(name) {
  if (!nameForm.test(name))
    throw new TypeError(`Not a name of 1 to 64 letters, digits, _ and -: ${JSON.stringify(name)}`);
}
/** A key of a view. */
export function checkKey(key) {
  if (key.length > 200 || !keyForm.test(key)) throw new TypeError(`Not a key of a view: ${JSON.stringify(key)}`);
}
//# sourceMappingURL=names.js.map
