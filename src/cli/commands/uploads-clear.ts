import { clearUploads } from '../../engine/resume/upload-files.ts';
import type { CommandContext } from '../command-context.ts';
import { findUploadDirectory } from '../directories.ts';
import { formatCount } from '../format.ts';
import type { Outcome } from '../outcome.ts';

/** Discards interrupted uploads without asking: the worst that can follow is that layers are sent again. */
export function clearInterruptedUploads(context: CommandContext): Outcome {
  const directory = findUploadDirectory(context.io);
  const { removed, inUse } = directory === undefined ? { removed: 0, inUse: 0 } : clearUploads(directory);
  const left = inUse > 0 ? `; ${formatCount(inUse, 'upload')} of running pushes left alone` : '';
  return {
    result: { removed, inUse },
    view: `Forgot ${formatCount(removed, 'interrupted upload')}${left}.`,
  };
}
