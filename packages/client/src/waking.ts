/** The part of a page's `window` and `document` that tells of sleep and networks; elsewhere both are missing. */
interface Page extends Source {
  readonly document?: Source & { readonly hidden: boolean };
}

interface Source {
  readonly addEventListener?: (type: string, listener: Listener) => void;
  readonly removeEventListener?: (type: string, listener: Listener) => void;
}

type Listener = (event: { readonly persisted?: boolean }) => void;

/**
 * Calls `wake` when a page comes back: its tab is looked at again or thawed, or the network is there again; and when the
 * network goes, so that a connection that died with it is noticed at once. Calls `sleep` when the page is about to stop: its
 * tab is frozen, or another page takes its place and it may be kept for the way back, which a connection would prevent.
 * @returns what ends it
 */
export function watchWaking(wake: () => void, sleep: () => void): () => void {
  const page = globalThis as unknown as Page;
  const { document } = page;
  if (document === undefined) return () => {};
  const onVisible = () => {
    if (!document.hidden) wake();
  };
  const onHide: Listener = ({ persisted }) => {
    if (persisted === true) sleep();
  };
  const watched: [Source, string, Listener][] = [
    [page, 'online', wake],
    [page, 'offline', wake],
    [page, 'pageshow', wake],
    [page, 'pagehide', onHide],
    [document, 'freeze', sleep],
    [document, 'resume', wake],
    [document, 'visibilitychange', onVisible],
  ];
  for (const [source, type, listener] of watched) source.addEventListener?.(type, listener);
  return () => {
    for (const [source, type, listener] of watched) source.removeEventListener?.(type, listener);
  };
}
