/**
 * What can go wrong. `lost`: acked or told of, and not there. `doubled`: there twice. `reordered`: in another order.
 * `foreign`: nobody sent it, or it reached or came from somebody who was no member. `wrong`: content, sender or `seq` differ.
 * `tables`: the databases contradict each other. `promise`: too late, or down although it should have gone on.
 */
export const violationKinds = ['lost', 'doubled', 'reordered', 'foreign', 'wrong', 'tables', 'promise'] as const;
export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

export const violation = (kind: ViolationKind, text: string): Violation => ({ kind, text });
