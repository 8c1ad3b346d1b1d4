import type { ImageTarget } from '../../ends/image-target.ts';
import { type Departure, RawUpload, type RawUploadNeeds } from './raw-upload.ts';

export interface RawUploaderSettings extends RawUploadNeeds {
  /** Uploads a blob in another way, when the registry works in a way that is not known, or denies access. */
  readonly fallBack: ImageTarget['uploadBlob'];
  /** Called with a sentence for the user when the other way has worked. */
  readonly onFallBack: (note: string) => void;
}

/** After so many blobs, all others take the other way. */
const MOST_DEPARTURES = 2;

/**
 * Makes the function that uploads blobs to one repository through its registry's `/v2/`: POST, then as few requests as the registry takes.
 * A blob that the registry refuses in a way that is not known goes through `fallBack`, which may also explain the refusal.
 */
export function createRawUploader(settings: RawUploaderSettings): ImageTarget['uploadBlob'] {
  const { channel, fallBack, onFallBack } = settings;
  let departures = 0;
  const noteDeparture = ({ reason, blob }: Departure): void => {
    departures += 1;
    if (departures > MOST_DEPARTURES) return;
    const what = departures < MOST_DEPARTURES ? `the ${blob.role} ${blob.id} was` : 'further layers are';
    onFallBack(`${channel.settings.registryHost} ${reason}, so ${what} sent through the API.`);
  };
  return async (blob, upload, signal) => {
    if (departures >= MOST_DEPARTURES) return fallBack(blob, upload, signal);
    const result = await new RawUpload(blob, upload, settings).run(signal);
    if ('outcome' in result) return result;
    const uploaded = await fallBack(result.blob, upload, signal);
    noteDeparture(result);
    return uploaded;
  };
}
