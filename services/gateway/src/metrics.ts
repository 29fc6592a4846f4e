import { Counter, Gauge, type Registry } from 'prom-client';

/** What a gateway knows about itself; read at each question for metrics. */
export interface Measured {
  readonly connections: number;
  readonly people: number;
  readonly rooms: number;
  readonly deliveries: number;
  readonly repairs: number;
  readonly catchUps: number;
  readonly quietRequests: number;
  readonly online: number;
  readonly gateways: number;
  readonly presenceDropped: number;
  readonly backlogBytes: number;
  readonly relieved: number;
  readonly inFlightBytes: number;
  readonly loginsWaiting: number;
}

type Sources = Readonly<Record<string, readonly [keyof Measured, help: string]>>;

const gauges: Sources = {
  teahouse_gateway_connections: ['connections', 'Open sockets'],
  teahouse_gateway_users: ['people', 'Users connected here'],
  teahouse_gateway_rooms: ['rooms', 'Groups with a listener here'],
  teahouse_gateway_backlog_bytes: ['backlogBytes', 'Bytes that wait for slow readers'],
  teahouse_gateway_in_flight_bytes: ['inFlightBytes', 'Bytes of client frames being worked on'],
  teahouse_gateway_logins_waiting: ['loginsWaiting', 'Sockets that wait for their turn to log in'],
};
/** What every worker knows of all: the sum over workers would mean nothing. */
const shared: Sources = {
  teahouse_online_users: ['online', 'Users online at any gateway'],
  teahouse_gateways: ['gateways', 'Gateway processes that give signs of life'],
};
const counters: Sources = {
  teahouse_gateway_deliveries_total: ['deliveries', 'Messages queued for sockets'],
  teahouse_gateway_repairs_total: ['repairs', 'Pages fetched to fill holes in conversations'],
  teahouse_gateway_catch_ups_total: ['catchUps', 'Conversations in which clients were told to ask history'],
  teahouse_gateway_quiet_requests_total: ['quietRequests', 'Requests to store messages of which no event tells'],
  teahouse_gateway_relieved_total: ['relieved', 'Readers closed because too much waited for all of them'],
  teahouse_gateway_presence_dropped_total: ['presenceDropped', 'Pushes of presence left out under load'],
};

export function measure(registry: Registry, read: () => Measured): void {
  const registers = [registry];
  for (const [name, [field, help]] of [...Object.entries(gauges), ...Object.entries(shared)]) {
    const aggregator = name in shared ? 'max' : 'sum';
    new Gauge({
      name,
      help,
      registers,
      aggregator,
      collect() {
        this.set(read()[field]);
      },
    });
  }
  for (const [name, [field, help]] of Object.entries(counters)) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read()[field]);
      },
    });
  }
}
