interface Route<Target> {
  readonly tokens: readonly string[];
  readonly group: string | undefined;
  readonly target: Target;
}

/** Who hears a subject. A pattern is looked up by the tokens before its first wildcard, so that many of them cost little. */
export class Routes<Target> {
  readonly #exact = new Map<string, Route<Target>[]>();
  readonly #wild = new Map<string, Route<Target>[]>();

  /** Returns the way to take the route away again; doing so twice does nothing. */
  add(pattern: string, group: string | undefined, target: Target): () => void {
    const tokens = pattern.split('.');
    const route = { tokens, group, target };
    const literal = tokens.findIndex((token) => token === '*' || token === '>');
    const key = literal < 0 ? pattern : tokens.slice(0, literal).join('.');
    const routes = literal < 0 ? this.#exact : this.#wild;
    routes.set(key, [...(routes.get(key) ?? []), route]);
    return () => {
      const rest = (routes.get(key) ?? []).filter((other) => other !== route);
      if (rest.length > 0) routes.set(key, rest);
      else routes.delete(key);
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
    if (this.#wild.size > 0) {
      const tokens = subject.split('.');
      for (let literal = 0; literal < tokens.length; literal++) {
        const routes = this.#wild.get(tokens.slice(0, literal).join('.'));
        if (routes) for (const route of routes) if (matches(route.tokens, tokens)) take(route);
      }
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
