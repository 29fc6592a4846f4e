/** What an entry of a view holds, as JSON: its version and its value. */
export interface Stored<T> {
  readonly v: number;
  readonly d: T;
}
