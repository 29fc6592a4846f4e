import type { MessageKind } from './scalars.js';
import type { Notice, Stored } from './shapes.js';

/*
 * Ready client frames of new messages and of their acks, as texts. On the hot path, in services and gateways: only what may
 * hold anything special goes through JSON.stringify.
 */

/** What both kinds of message say. */
export interface ReadyMessage {
  readonly id: string;
  readonly seq: number;
  readonly from: number;
  readonly content: string;
  readonly kind: MessageKind;
  readonly clientId?: string | undefined;
  readonly notice?: Notice | undefined;
}

/** @param createTime a `Time` */
export function groupMessageFrame(groupId: number, message: ReadyMessage, createTime: string): string {
  const { id, seq, from, content, kind } = message;
  return `{"type":"groupMessage","groupId":${groupId},"id":"${id}","seq":${seq},"from":${from},"content":${JSON.stringify(content)},"kind":"${kind}","createTime":"${createTime}"${rest(message)}}`;
}

/**
 * @param to the one of the two people who is not `from`
 * @param createTime a `Time`
 */
export function privateMessageFrame(to: number, message: ReadyMessage, createTime: string): string {
  const { id, seq, from, content, kind } = message;
  return `{"type":"privateMessage","from":${from},"to":${to},"id":"${id}","seq":${seq},"content":${JSON.stringify(content)},"kind":"${kind}","createTime":"${createTime}"${rest(message)}}`;
}

/** The ack of a send. */
export function sentFrame(ref: string | undefined, { id, seq, createTime, duplicate }: Stored): string {
  const refPart = ref === undefined ? '' : `,"ref":${JSON.stringify(ref)}`;
  return `{"type":"ack"${refPart},"id":"${id}","seq":${seq},"createTime":"${createTime}"${duplicate ? ',"duplicate":true' : ''}}`;
}

function rest({ clientId, notice }: ReadyMessage): string {
  const clientPart = clientId === undefined ? '' : `,"clientId":${JSON.stringify(clientId)}`;
  return notice === undefined ? clientPart : `${clientPart},"notice":${JSON.stringify(notice)}`;
}
