/**
 * Takes apart `nats://user:password@host:4222`, or several of them separated by commas. The client takes one login for all:
 * that of the first address that has one. Throws TypeError without repeating the text, for it may hold a password.
 */
export function parseServers(text) {
  const urls = text.split(',').map((part) => {
    const url = URL.parse(part.trim().includes('://') ? part.trim() : `nats://${part.trim()}`);
    if (url?.protocol !== 'nats:' || url.hostname === '')
      throw new TypeError('Not an address like nats://user:password@host:4222.');
    return url;
  });
  const servers = urls.map((url) => `${url.hostname}:${url.port || '4222'}`);
  const login = urls.find((url) => url.username !== '');
  if (!login) return { servers };
  return {
    servers,
    user: decodeURIComponent(login.username),
    pass: decodeURIComponent(login.password),
  };
}
//# sourceMappingURL=servers.js.map
