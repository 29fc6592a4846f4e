/** The part of a page's `window` and `document` that tells of sleep and networks; elsewhere both are missing. */
interface Page {
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
  readonly document?: {
    readonly hidden: boolean;
    addEventListener(type: string, listener: () => void): void;
    removeEventListener(type: string, listener: () => void): void;
  };
}

/**
 * Calls `wake` when a page comes back: its tab is looked at again or thawed, or the network is there again; and when the
 * network goes, so that a connection that died with it is noticed at once. @returns what ends it
 */
export function watchWaking(wake: () => void): () => void {
  const page = globalThis as unknown as Page;
  const { document } = page;
  if (document === undefined) return () => {};
  const onVisible = () => {
    if (!document.hidden) wake();
  };
  for (const type of ['online', 'offline', 'pageshow']) page.addEventListener?.(type, wake);
  for (const type of ['visibilitychange', 'resume']) document.addEventListener(type, onVisible);
  return () => {
    for (const type of ['online', 'offline', 'pageshow']) page.removeEventListener?.(type, wake);
    for (const type of ['visibilitychange', 'resume']) document.removeEventListener(type, onVisible);
  };
}
