interface Route<Target> {
  readonly tokens: readonly string[];
  readonly group: string | undefined;
  readonly target: Target;
}

/** Who hears a subject. Exact subjects are looked up, patterns with wildcards are tried one after the other. */
export class Routes<Target> {
  #exact = new Map<string, Route<Target>[]>();
  #wild: Route<Target>[] = [];

  /** Returns the way to take the route away again; doing so twice does nothing. */
  add(pattern: string, group: string | undefined, target: Target): () => void {
    const route = { tokens: pattern.split('.'), group, target };
    if (route.tokens.includes('*') || route.tokens.includes('>')) {
      this.#wild.push(route);
      return () => {
        this.#wild = this.#wild.filter((other) => other !== route);
      };
    }
    this.#exact.set(pattern, [...(this.#exact.get(pattern) ?? []), route]);
    return () => {
      const rest = (this.#exact.get(pattern) ?? []).filter((other) => other !== route);
      if (rest.length > 0) this.#exact.set(pattern, rest);
      else this.#exact.delete(pattern);
    };
  }

  /** Everybody without a group, and of each group one at random. */
  pick(subject: string): Target[] {
    const picked: Target[] = [];
    const groups = new Map<string, Target[]>();
    const take = ({ group, target }: Route<Target>) => {
      if (group === undefined) picked.push(target);
      else groups.set(group, [...(groups.get(group) ?? []), target]);
    };
    this.#exact.get(subject)?.forEach(take);
    if (this.#wild.length > 0) {
      const tokens = subject.split('.');
      for (const route of this.#wild) if (matches(route.tokens, tokens)) take(route);
    }
    for (const members of groups.values()) picked.push(members[Math.floor(Math.random() * members.length)] as Target);
    return picked;
  }
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [place, token] of pattern.entries()) {
    if (token === '>') return tokens.length > place;
    if (place >= tokens.length || (token !== '*' && token !== tokens[place])) return false;
  }
  return pattern.length === tokens.length;
}
