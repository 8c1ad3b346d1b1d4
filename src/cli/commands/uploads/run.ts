import { clearUploads, type KnownUpload, listUploads } from '../../../engine/resume/upload-files.ts';
import type { CommandContext } from '../../command-context.ts';
import { findUploadDirectory } from '../../directories.ts';
import { findResultWidth, formatBytes, formatCount, formatDuration, formatTable } from '../../format.ts';
import type { Outcome, ResultMembers } from '../../output.ts';

/** Lists interrupted uploads that a push can resume. */
export function listInterruptedUploads(context: CommandContext): Outcome {
  const directory = findUploadDirectory(context.io);
  const uploads = directory === undefined ? [] : listUploads(directory);
  if (uploads.length === 0) context.messages.note('No interrupted uploads.');
  const rows = uploads.map((upload) => viewUpload(upload, Date.now()));
  return {
    result: { uploads: uploads.map(describeUpload) },
    view:
      rows.length === 0
        ? ''
        : formatTable(['TARGET', 'LAYER', 'SENT', 'AGE'], rows, findResultWidth(context.io)),
  };
}

function describeUpload(upload: KnownUpload): ResultMembers {
  const { endpoint, registryAlias, repositoryName, id, compressorId, uploadId, nextByte, inUse } = upload;
  const layer = compressorId === undefined ? { layerDigest: id } : { diffId: id, encoding: compressorId };
  return {
    endpoint,
    registryAlias,
    repositoryName,
    ...layer,
    uploadId,
    sentBytes: nextByte,
    updatedAt: upload.updatedAt.toISOString(),
    inUse,
  };
}

function viewUpload(upload: KnownUpload, nowMs: number): readonly string[] {
  const { registryAlias, repositoryName, id, nextByte, updatedAt, inUse } = upload;
  // Not negative, even if the clock was set back.
  const age = formatDuration(Math.max(0, nowMs - updatedAt.getTime()));
  const target = registryAlias === undefined ? repositoryName : `${registryAlias}/${repositoryName}`;
  return [target, id, formatBytes(nextByte), inUse ? `${age}, in use` : age];
}

/** Discards interrupted uploads without asking: at worst, a push uploads their layers again. */
export function clearInterruptedUploads(context: CommandContext): Outcome {
  const directory = findUploadDirectory(context.io);
  const { removed, inUse } = directory === undefined ? { removed: 0, inUse: 0 } : clearUploads(directory);
  const left = inUse > 0 ? `; kept ${formatCount(inUse, 'upload')} of running pushes` : '';
  return {
    result: { removed, inUse },
    view: `Discarded ${formatCount(removed, 'interrupted upload')}${left}.`,
  };
}
