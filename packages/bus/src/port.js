/**
 * The port through which services talk. Two adapters give it, NATS and in-process, and one suite of tests holds for both.
 *
 * Subjects are tokens joined by dots, `*` stands for one token and `>` for all that follow. A payload handed to a handler
 * or a listener belongs to the bus: read it at once or copy it, and never write into it.
 */
export {};
//# sourceMappingURL=port.js.map
