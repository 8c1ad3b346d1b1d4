/** Bytes of [start, end). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks of `size` bytes. Undefined: everything, as for a header that is malformed, of another unit or of several ranges,
 * all of which RFC 9110 (section 14.2) lets a server ignore. `unsatisfiable`: nothing of it is there.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Number(last);
    return count === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** Content-Range of a chunk, `<first>-<last>` as the OCI distribution specification has it, or as HTTP has it; undefined when malformed. */
export function readContentRange(header: string): ByteRange | undefined {
  const match = /^(?:bytes )?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/i.exec(header);
  if (match === null) return undefined;
  const [start, last] = [Number(match[1]), Number(match[2])];
  return last < start ? undefined : { start, end: last + 1 };
}
