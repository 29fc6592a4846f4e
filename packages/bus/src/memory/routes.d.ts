/** Who hears a subject. Exact subjects are looked up, patterns with wildcards are tried one after the other. */
export declare class Routes<Target> {
  #private;
  /** Returns the way to take the route away again; doing so twice does nothing. */
  add(pattern: string, group: string | undefined, target: Target): () => void;
  /** Everybody without a group, and of each group one at random. */
  pick(subject: string): Target[];
}
