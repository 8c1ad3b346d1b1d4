import { clearUploads } from '../../push/upload-files.ts';
import type { CommandContext } from '../command-context.ts';
import { formatCount } from '../format.ts';
import type { Outcome } from '../outcome.ts';
import { findUploadDirectory } from '../push/open-uploads.ts';

/** Forgets interrupted uploads; nothing is asked, as all it can cost is time. */
export function clearInterruptedUploads(context: CommandContext): Outcome {
  const directory = findUploadDirectory(context);
  const { removed, inUse } = directory === undefined ? { removed: 0, inUse: 0 } : clearUploads(directory);
  const left = inUse > 0 ? `; ${formatCount(inUse, 'upload')} of running pushes left alone` : '';
  return {
    result: { removed, inUse },
    view: `Forgot ${formatCount(removed, 'interrupted upload')}${left}.`,
  };
}
