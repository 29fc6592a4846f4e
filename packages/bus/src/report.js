/** Hands errors on, whatever the receiver does: one that throws itself is ignored, for there is nobody left to tell. */
export function reporter(onError) {
  return (error) => {
    try {
      onError(error);
    } catch {}
  };
}
/** Where errors go that nobody asked for: the log, or nowhere. */
export function logErrors(log, sentence, fields) {
  return reporter((error) => log?.error({ ...fields, err: error }, sentence));
}
//# sourceMappingURL=report.js.map
