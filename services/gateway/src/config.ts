import { commonConfig, port } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

/** Every variable that the gateway reads, with its default and unit. */
export const gatewayConfig = Type.Object({
  ...commonConfig(8010),
  PORT: port(8001, 'HTTP and WebSocket; 0 lets the system choose'),
  GATEWAY_WORKERS: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 1,
    description: 'processes that share PORT; with more than 1 a primary looks after them and answers HEALTH_PORT',
  }),
  HEARTBEAT_INTERVAL_MS: Type.Integer({ minimum: 100, default: 2000, description: 'milliseconds; told to clients' }),
  HEARTBEAT_TIMEOUT_MS: Type.Integer({
    minimum: 200,
    default: 120_000,
    description: 'milliseconds; a connection that is silent for longer is closed',
  }),
  RATE_MESSAGES_PER_SECOND: Type.Integer({
    minimum: 0,
    default: 50,
    description: 'frames per second and connection, heartbeats not counted; 0: no limit',
  }),
  RATE_MESSAGES_BURST: Type.Integer({ minimum: 1, default: 200, description: 'frames that may come at once' }),
  MAX_CONNECTIONS_PER_USER: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'at this process; beyond: close 4429',
  }),
  MAX_CONNECTIONS: Type.Integer({
    minimum: 1,
    default: 15_000,
    description: 'sockets of this process, so that its memory is bounded; beyond: close 1013',
  }),
  ALLOWED_ORIGINS: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s,/]+(,https?://[^\\s,/]+)*$',
      title: 'origins such as https://chat.example.org, with commas between them',
      description: 'pages that may open sockets besides those of this server; unset: only those',
    }),
  ),
  TRUST_PROXY: Type.Optional(
    Type.String({
      title: 'addresses or ranges such as 10.0.0.0/8, or loopback, with commas between them',
      description: 'proxies whose X-Forwarded-For and -Host are believed; unset: none',
    }),
  ),
});

export type GatewayConfig = Static<typeof gatewayConfig>;

/** What the app itself reads; the rest is for the process around it. */
export type GatewaySettings = Omit<GatewayConfig, 'NATS_URL' | 'HEALTH_PORT' | 'LOG_LEVEL' | 'GATEWAY_WORKERS'>;
