import type { Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import { isMetricsAnswer, type MetricsQuestion } from './messages.js';

/** A worker that hangs costs a scrape no more than this, and its own figures. */
const waitMs = 1_000;

/** Sums up what workers tell of themselves. Scrapes that come meanwhile get the same answer. */
export class WorkersMetrics {
  readonly #workers: () => readonly Worker[];
  #underWay: Promise<string> | undefined;
  #count = 0;

  constructor(workers: () => readonly Worker[]) {
    this.#workers = workers;
  }

  /** In the text form of Prometheus; of workers that do not answer within a second nothing is in it. */
  text(): Promise<string> {
    this.#underWay ??= this.#gather().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #gather(): Promise<string> {
    this.#count += 1;
    const question = { type: 'metrics?', id: this.#count } as const;
    const told = await Promise.all(this.#workers().map((worker) => ask(worker, question)));
    return await AggregatorRegistry.aggregate(told.filter((metrics) => metrics !== undefined)).metrics();
  }
}

function ask(worker: Worker, question: MetricsQuestion): Promise<object[] | undefined> {
  return new Promise((resolve) => {
    const settle = (metrics?: object[]) => {
      clearTimeout(late);
      worker.off('message', hear);
      resolve(metrics);
    };
    const hear = (message: unknown) => {
      if (isMetricsAnswer(message) && message.id === question.id) settle(message.metrics);
    };
    const late = setTimeout(settle, waitMs);
    if (!worker.isConnected()) {
      settle();
      return;
    }
    worker.on('message', hear);
    worker.send(question, (error) => {
      if (error) settle();
    });
  });
}
