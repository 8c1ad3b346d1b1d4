import { statfsSync } from 'node:fs';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';

const GIB = 1024 ** 3;
/** Stays free for other programs. */
const RESERVED_BYTES = GIB;
const MOST_BYTES = 64 * GIB;
const UNITS = ['', 'K', 'M', 'G', 'T'];

/**
 * Most bytes that a packed or piped source may take in the temporary directory: ECRP_SPOOL_LIMIT, else what is free there less 1 GiB,
 * at most 64 GiB. Throws USAGE when the variable holds no size.
 */
export function findSpoolLimit({ env }: Pick<Io, 'env'>, temporaryDirectory: string): number {
  if (env.ECRP_SPOOL_LIMIT) return parseSize(env.ECRP_SPOOL_LIMIT);
  return Math.min(Math.max(findFreeBytes(temporaryDirectory) - RESERVED_BYTES, 0), MOST_BYTES);
}

/** Units are powers of 1,024, with or without the `B` or `iB` behind them. */
function parseSize(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (amount === '') {
    throw new EcrpError('USAGE', `ECRP_SPOOL_LIMIT: '${text}' is not a size`, {
      hint: 'Give a number of bytes, or one with K, M, G or T behind it, such as 500M or 20G.',
    });
  }
  return Math.floor(Number(amount) * 1024 ** UNITS.indexOf(unit.toUpperCase()));
}

/** Without an answer there is no limit: whatever is wrong with the directory is reported when it is used. */
function findFreeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
