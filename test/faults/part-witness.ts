import type { LayerPart, PushService } from '../../src/ecr/push-service.ts';
import type { UploadClaim, UploadStore } from '../../src/engine/resume/upload-store.ts';

interface WitnessedUpload {
  /** All bytes below were acknowledged by the last answer of the service. */
  nextByte: number;
  /** True if the running push has sent a part of it. */
  isAtWork: boolean;
}

/**
 * Watches successive pushes of one image for acknowledged bytes that are sent again. One part of a layer may be: its push may
 * end before it records the answer.
 */
export class PartWitness {
  readonly #mostBytes: number;
  readonly #uploads = new Map<string, WitnessedUpload>();
  /** The upload that the next push should resume, by blob. */
  readonly #left = new Map<string, string>();
  /** Bytes that were sent again although they were acknowledged. */
  readonly complaints: string[] = [];
  /** Number of parts sent so far, and of those sent again after a push had ended. */
  readonly counts = { parts: 0, repeated: 0 };

  /** @param mostBytes Size of the largest part. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  watchService(service: PushService): PushService {
    for (const upload of this.#uploads.values()) upload.isAtWork = false;
    return {
      ...service,
      createPart: (capacity) => this.#watchPart(service.createPart(capacity)),
    };
  }

  #watchPart(part: LayerPart): LayerPart {
    return {
      get size() {
        return part.size;
      },
      append: (bytes) => part.append(bytes),
      clear: () => part.clear(),
      release: () => part.release(),
      begin: (uploadId, start) => part.begin(uploadId, start),
      upload: async (uploadId, start, signal, onHandedOver) => {
        const upload = this.#uploads.get(uploadId) ?? { nextByte: 0, isAtWork: false };
        this.#uploads.set(uploadId, upload);
        if (start === 0 && part.size === 1 && upload.nextByte > 0) {
          // Not a part: it asks for the position of the upload.
          const answer = await part.upload(uploadId, start, signal, onHandedOver);
          if (answer.kind !== 'vanished') upload.nextByte = Math.min(upload.nextByte, answer.nextByte ?? 0);
          return answer;
        }
        const again = upload.nextByte - start;
        this.counts.parts += 1;
        if (again > 0) {
          this.counts.repeated += 1;
          if (upload.isAtWork || again > this.#mostBytes) {
            this.complaints.push(`byte ${start} of ${uploadId}, where ${upload.nextByte} is next`);
          }
        }
        upload.isAtWork = true;
        const answer = await part.upload(uploadId, start, signal, onHandedOver);
        // Also if the position moves back: the service decides. A position beyond the sent bytes is a lie.
        if (answer.kind !== 'vanished') {
          const said = answer.nextByte ?? 0;
          upload.nextByte = answer.kind === 'accepted' ? Math.min(said, start + part.size) : said;
        }
        return answer;
      },
    };
  }

  watchStore(store: UploadStore): UploadStore {
    return {
      ...store,
      claim: (subject) => {
        const claim = store.claim(subject);
        const key = `${subject.id} ${subject.compressorId}`;
        this.#checkFound(key, claim);
        return {
          found: claim.found,
          save: (upload) => {
            this.#left.set(key, upload.uploadId);
            claim.save(upload);
          },
          discard: () => {
            this.#left.delete(key);
            claim.discard();
          },
          release: () => claim.release(),
        };
      },
    };
  }

  /** Complains about a push that resumes an upload more than one part before its acknowledged end. */
  #checkFound(key: string, { found }: UploadClaim): void {
    const uploadId = this.#left.get(key) ?? '';
    const nextByte = this.#uploads.get(uploadId)?.nextByte ?? 0;
    if (nextByte - (found?.nextByte ?? 0) > this.#mostBytes) {
      this.complaints.push(`${key} resumes at ${found?.nextByte}, where ${nextByte} is next in ${uploadId}`);
    }
  }
}
