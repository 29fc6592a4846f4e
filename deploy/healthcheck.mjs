// The health check of the images, which have no curl: is the service alive?
const ports = { gateway: 8010, auth: 8011, 'group-chat': 8012, 'private-chat': 8013 };
const port = process.env.HEALTH_PORT || ports[process.env.SERVICE];
const response = await fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(4000) });
process.exit(response.ok ? 0 : 1);
