/** Who hears a subject. Exact subjects are looked up, patterns with wildcards are tried one after the other. */
export class Routes {
  #exact = new Map();
  #wild = [];
  /** Returns the way to take the route away again; doing so twice does nothing. */
  add(pattern, group, target) {
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
  pick(subject) {
    const picked = [];
    const groups = new Map();
    const take = ({ group, target }) => {
      if (group === undefined) picked.push(target);
      else groups.set(group, [...(groups.get(group) ?? []), target]);
    };
    this.#exact.get(subject)?.forEach(take);
    if (this.#wild.length > 0) {
      const tokens = subject.split('.');
      for (const route of this.#wild) if (matches(route.tokens, tokens)) take(route);
    }
    for (const members of groups.values()) picked.push(members[Math.floor(Math.random() * members.length)]);
    return picked;
  }
}
function matches(pattern, tokens) {
  for (const [place, token] of pattern.entries()) {
    if (token === '>') return tokens.length > place;
    if (place >= tokens.length || (token !== '*' && token !== tokens[place])) return false;
  }
  return pattern.length === tokens.length;
}
//# sourceMappingURL=routes.js.map
