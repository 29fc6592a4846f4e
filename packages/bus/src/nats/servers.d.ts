export interface Servers {
  /** host:port of each. */
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
}
/**
 * Takes apart `nats://user:password@host:4222`, or several of them separated by commas. The client takes one login for all:
 * that of the first address that has one. Throws TypeError without repeating the text, for it may hold a password.
 */
export declare function parseServers(text: string): Servers;
