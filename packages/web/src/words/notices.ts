import type { ReceivedMessage } from '@teahouse/client';
import { nameOf } from '../state/people';
import { words } from '.';

/** A notice in words. */
export function noticeText({ from, notice, content }: ReceivedMessage): string {
  if (!notice) return '';
  if (notice.official) return words.value.official(content);
  const who = notice.userId === undefined ? '' : nameOf(notice.userId);
  return words.value.notice(notice, who, nameOf(notice.by ?? from));
}
