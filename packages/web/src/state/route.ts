import type { Place } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { onLeave } from './login';

export const panels = ['members', 'search', 'about'] as const;
export type Panel = (typeof panels)[number];

/** What the address says is looked at: `#/g/1`, `#/u/2`, and a panel beside it: `#/g/1/members`. */
export const route = shallowReactive<{ place: Place | undefined; panel: Panel | undefined }>({
  place: undefined,
  panel: undefined,
});

const form = /^#\/(?:([gu])\/([1-9]\d{0,15})(?:\/([a-z]+))?)?$/;

function parse(): void {
  const [, kind, id, name] = form.exec(location.hash) ?? [];
  route.place = kind === undefined ? undefined : kind === 'g' ? { groupId: Number(id) } : { with: Number(id) };
  route.panel = panels.find((panel) => panel === name);
}

export function addressOf(place: Place | undefined, panel?: Panel): string {
  if (!place) return '#/';
  return `#/${'groupId' in place ? `g/${place.groupId}` : `u/${place.with}`}${panel ? `/${panel}` : ''}`;
}

export function go(place: Place | undefined, panel?: Panel): void {
  const address = addressOf(place, panel);
  if (address !== location.hash) history.pushState(null, '', address);
  parse();
}

/** Opens a panel of the conversation looked at, or closes the one that is open. */
export function togglePanel(panel: Panel | undefined): void {
  go(route.place, route.panel === panel ? undefined : panel);
}

for (const event of ['popstate', 'hashchange']) addEventListener(event, parse);
parse();

onLeave(() => go(undefined));
