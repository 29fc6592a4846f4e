// The health check of the images, which have no curl: is the service alive?
const ports = { gateway: 8010, auth: 8011, 'group-chat': 8012, 'private-chat': 8013 };
const port = process.env.HEALTH_PORT || ports[process.env.SERVICE];
const answer = fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(4000) });
const alive = await answer.then(({ ok }) => ok).catch(() => false);
process.exit(alive ? 0 : 1);
