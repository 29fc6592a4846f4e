import type { Place, ReceivedMessage } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { theClient } from './login';
import { wonder } from './people';

/** One search in one conversation, newest first. It goes back in steps, and stops after each step that found something. */
export interface Search {
  readonly place: Place;
  readonly text: string;
  results: readonly ReceivedMessage[];
  /** Where to go on; undefined once the beginning was reached. */
  next: number | undefined;
  /** The newest message when it began, for the progress. */
  readonly from: number;
  running: boolean;
  stopped: boolean;
}

const perStep = 50;

export function newSearch(place: Place, text: string, lastSeq: number): Search {
  const from = lastSeq + 1;
  return shallowReactive<Search>({ place, text, results: [], next: from, from, running: false, stopped: false });
}

/** Goes back until something was found or the beginning is reached. Rejects with ChatError. */
export async function searchOn(search: Search): Promise<void> {
  if (search.running) return;
  search.running = true;
  const before = search.results.length;
  try {
    while (!search.stopped && search.next !== undefined && search.results.length === before) {
      const { place, text, next } = search;
      const reply = await theClient().search({ ...place, text, beforeSeq: next, limit: perStep });
      for (const { from } of reply.messages) wonder(from, place);
      search.results = [...search.results, ...reply.messages];
      const goOn = reply.beforeSeq ?? reply.messages.at(-1)?.seq;
      search.next = reply.more && goOn !== undefined && goOn < next ? goOn : undefined;
    }
  } finally {
    search.running = false;
  }
}
