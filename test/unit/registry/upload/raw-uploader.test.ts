import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutgoingBlob } from '../../../../src/ends/blob.ts';
import { EcrpError } from '../../../../src/errors.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { catchError } from '../../../support/catch-error.ts';
import { makeRandomBytes } from '../../../support/images.ts';
import { arriveBlob, deriveBlob, makeBlob } from '../../../support/memory-blob.ts';
import { openRawUploads } from '../../../support/upload-raw.ts';
import { refuse, startUploadRegistry, type UploadRegistry } from '../../../support/upload-registry.ts';

const MIB = 1024 * 1024;
const CHUNK = 300_000;

let registry: UploadRegistry;
beforeEach(async () => {
  registry = await startUploadRegistry();
});
afterEach(() => registry.close());

const bytesOf = (size: number): Buffer => makeRandomBytes('raw', size);

describe('a blob travels in as few requests as its kind needs', () => {
  const large = bytesOf(3 * MIB + 1);
  const small = bytesOf(5000);
  const kinds: readonly (readonly [string, OutgoingBlob, Buffer, readonly string[]])[] = [
    ['a known one', makeBlob(large, CHUNK), large, ['POST', `PUT ${large.length}`]],
    ['a derived one', deriveBlob(makeBlob(large, CHUNK)), large, ['POST', `PATCH ${large.length}`, 'PUT 0']],
    ['a named one that arrives', arriveBlob(makeBlob(large, CHUNK)), large, ['POST', `PUT ${large.length}`]],
    ['a small known one', makeBlob(small, CHUNK), small, ['POST 5000', 'PUT 5000']],
    ['a small derived one', deriveBlob(makeBlob(small, CHUNK)), small, ['POST 5000', 'PUT 5000']],
  ];
  test.each(kinds)('%s', async (_, blob, bytes, seen) => {
    const { upload, progress } = openRawUploads(registry);
    const content = { digest: digestOf(bytes), size: bytes.length };
    expect(await upload(blob)).toEqual({ outcome: 'uploaded', content, resumedBytes: 0 });
    expect(registry.blobs.get(content.digest)?.equals(bytes)).toBe(true);
    expect(registry.seen).toEqual(seen);
    expect(progress.at(-1)).toBe(bytes.length);
    expect(registry.connections()).toBe(1);
  });

  test('what arrives stays in memory 16 MiB at a time', async () => {
    const bytes = bytesOf(33 * MIB);
    await openRawUploads(registry).upload(arriveBlob(makeBlob(bytes, 2 * MIB - 1)));
    expect(registry.seen).toEqual([
      'POST',
      `PATCH ${16 * MIB}`,
      `PATCH ${16 * MIB} from ${16 * MIB}`,
      `PUT ${MIB} from ${32 * MIB}`,
    ]);
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });
});

describe('the first bytes', () => {
  const bytes = bytesOf(2 * MIB);

  test('of a known blob are requested while the upload begins', async () => {
    const blob = makeBlob(bytes, CHUNK);
    const openedBefore: number[][] = [];
    registry.intercept = ({ method }) => {
      if (method === 'POST') openedBefore.push([...blob.opened]);
      return false;
    };
    await openRawUploads(registry).upload(blob);
    expect(openedBefore).toEqual([[0]]);
    expect(blob.opened).toEqual([0]);
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
  });

  test('that cannot be read end the upload with the error of the source', async () => {
    const error = new EcrpError('NOT_FOUND', 'the blob is gone');
    const blob = makeBlob(bytes);
    const gone = Readable.from([]).destroy(error);
    const lost = { ...blob, open: () => ({ bytes: gone, finish: () => blob.content }) };
    expect(await catchError(() => openRawUploads(registry).upload(lost))).toBe(error);
    expect(registry.blobs.size).toBe(0);
  });
});

describe('small blobs', () => {
  test('take one POST each where the registry takes that', async () => {
    registry.takesSinglePost = true;
    const { upload } = openRawUploads(registry);
    for (const size of [10, 20, 500_000]) await upload(makeBlob(bytesOf(size), CHUNK));
    await upload(deriveBlob(makeBlob(bytesOf(30))));
    expect(registry.seen).toEqual(['POST 10', 'POST 20', 'POST 500000', 'POST 30']);
    expect(registry.blobs.size).toBe(4);
  });

  test('take POST and PUT where it does not, and that is tried once', async () => {
    const { upload } = openRawUploads(registry);
    for (const size of [10, 20]) await upload(makeBlob(bytesOf(size)));
    expect(registry.seen).toEqual(['POST 10', 'PUT 10', 'POST', 'PUT 20']);
  });

  test.each([400, 405, 411, 500])(
    'take POST and PUT where it answers a POST with a blob with %i',
    async (status) => {
      registry.intercept = ({ method, url }, response) => {
        if (method !== 'POST' || !url?.includes('digest=')) return false;
        refuse(response, status, 'UNSUPPORTED');
        return true;
      };
      const { upload } = openRawUploads(registry);
      for (const size of [10, 20]) await upload(makeBlob(bytesOf(size)));
      expect(registry.seen.filter((each) => each.startsWith('PUT'))).toEqual(['PUT 10', 'PUT 20']);
    },
  );

  test('take POST and PUT where a POST with a blob is never answered', async () => {
    registry.intercept = ({ method, url, socket }) => {
      if (method !== 'POST' || !url?.includes('digest=')) return false;
      socket.resetAndDestroy();
      return true;
    };
    const { upload } = openRawUploads(registry);
    await upload(makeBlob(bytesOf(10)));
    expect(registry.blobs.size).toBe(1);
  });
});

describe('an upload that breaks', () => {
  const bytes = bytesOf(8 * MIB);
  const half = 4 * MIB;

  test('goes on where the registry says it is', async () => {
    registry.resetsAt.push(half);
    const { upload, notes, progress, retries } = openRawUploads(registry);
    await upload(makeBlob(bytes, CHUNK));
    expect(registry.seen).toEqual(['POST', `PUT ${half}`, 'GET', `PUT ${half} from ${half}`]);
    expect(notes).toEqual([`resync ${half}`]);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(retries()).toBe(1);
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
  });

  test.each([
    ['derived', deriveBlob(makeBlob(bytes, CHUNK))],
    ['arriving', arriveBlob(makeBlob(bytes, CHUNK))],
  ])('goes on there as well when it is of an %s blob', async (_, blob) => {
    registry.resetsAt.push(half, half + 1);
    await openRawUploads(registry).upload(blob);
    const sent = registry.seen
      .map((each) => each.replace(/ from .*/, '').split(' '))
      .map(([, count]) => Number(count ?? 0));
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(bytes.length);
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
  });

  test.each([
    [
      'does not say',
      () => {
        registry.tellsProgress = false;
      },
    ],
    [
      'says that it has nothing',
      () => {
        registry.intercept = sayReceived('0-0');
      },
    ],
    [
      'says more than was sent',
      () => {
        registry.intercept = sayReceived('0-99999999');
      },
    ],
    [
      'says nonsense',
      () => {
        registry.intercept = sayReceived('bytes 1-2/x');
      },
    ],
  ])('begins anew when the registry %s', async (_, prepare) => {
    prepare();
    registry.resetsAt.push(half);
    const { upload, notes } = openRawUploads(registry);
    await upload(makeBlob(bytes, CHUNK));
    expect(registry.seen).toEqual(['POST', `PUT ${half}`, 'GET', 'POST', `PUT ${bytes.length}`]);
    expect(notes).toEqual(['resync 0']);
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });

  test('begins anew when the registry says less than it has', async () => {
    registry.intercept = sayReceived('0-99');
    registry.resetsAt.push(half);
    const { upload, notes } = openRawUploads(registry);
    await upload(makeBlob(bytes, CHUNK));
    expect(notes).toEqual(['resync 100', 'refused 0']);
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });

  test('asks only once a registry that does not say', async () => {
    registry.tellsProgress = false;
    registry.resetsAt.push(half, half);
    await openRawUploads(registry).upload(makeBlob(bytes, CHUNK));
    expect(registry.seen.filter((each) => each === 'GET')).toHaveLength(1);
  });

  test('is over when only the answer was lost', async () => {
    registry.resetsAt.push(bytes.length);
    const { upload } = openRawUploads({ ...registry, isStored: () => true });
    expect(await upload(makeBlob(bytes, CHUNK))).toMatchObject({ outcome: 'uploaded' });
    expect(registry.seen).toEqual(['POST', `PUT ${bytes.length}`]);
  });

  test('ends with the true reason when the budget is spent', async () => {
    registry.intercept = ({ method, socket }) => {
      if (method === 'PUT') socket.resetAndDestroy();
      return method === 'PUT';
    };
    const { upload, clock } = openRawUploads(registry);
    const error = await catchError(() => upload(makeBlob(bytes, CHUNK)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(error.message).toMatch(
      /^127\.0\.0\.1:\d+: the layer sha256:\w+ cannot be sent: .*(ECONNRESET|EPIPE|hang up)/,
    );
    expect(clock.nowMs()).toBeLessThan(120_000);
  });

  test('is given up and tried again when nothing moves', async () => {
    let stalls = 1;
    registry.intercept = ({ method }) => method === 'PUT' && stalls-- > 0;
    const { upload, events } = openRawUploads({ ...registry, silentMs: 500 });
    await upload(makeBlob(bytes, CHUNK));
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'retry', reason: 'nothing moved for 0.5 s' }),
    );
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });

  test('ends with the reason of an interruption', async () => {
    const controller = new AbortController();
    registry.intercept = ({ method }) => {
      if (method === 'PUT') controller.abort(new Error('interrupted'));
      return method === 'PUT';
    };
    const { upload } = openRawUploads({ ...registry, signal: controller.signal });
    await expect(upload(makeBlob(bytes, CHUNK))).rejects.toThrow('interrupted');
  });
});

describe('answers that another attempt may change', () => {
  test.each([429, 500, 503])('HTTP %i is waited for as long as it asks', async (status) => {
    let left = 2;
    registry.intercept = ({ method }, response) => {
      if (method !== 'PUT' || left-- <= 0) return false;
      response.setHeader('retry-after', '7');
      refuse(response, status, 'TOOMANYREQUESTS');
      return true;
    };
    const { upload, clock, events } = openRawUploads(registry);
    await upload(makeBlob(bytesOf(200_000), CHUNK));
    expect(clock.waitedMs.filter((ms) => ms >= 7000)).toHaveLength(2);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry', delayMs: 7000 }));
  });
});

describe('the token', () => {
  const bytes = bytesOf(2 * MIB);

  test('is requested once for all uploads', async () => {
    registry.accepted = new Set(['Bearer one']);
    const { upload, tokenRequests } = openRawUploads({ ...registry, tokens: ['Bearer one'] });
    await Promise.all([1, 2, 3, 4].map((size) => upload(makeBlob(bytesOf(size)))));
    expect(tokenRequests()).toBe(1);
  });

  test.each([
    ['401', 401, 'no'],
    ['the 400 of ECR Public', 400, 'Your Authorization Token is invalid.'],
    ['403 for an expired login', 403, 'Your authorization token has expired. Reauthenticate and try again.'],
  ])('is requested again after %s in the midst, and the upload goes on', async (_, status, message) => {
    registry.intercept = ({ method, headers }, response) => {
      if (method !== 'PUT' || headers.authorization === 'Bearer two') return false;
      refuse(response, status, 'DENIED', message);
      return true;
    };
    const { upload, tokenRequests, retries } = openRawUploads({
      ...registry,
      tokens: ['Bearer one', 'Bearer two'],
    });
    await upload(makeBlob(bytes, CHUNK));
    expect(tokenRequests()).toBe(2);
    expect(retries()).toBe(1);
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });

  test('that is refused although it is new ends the upload', async () => {
    registry.accepted = new Set(['Bearer other']);
    const { upload, tokenRequests } = openRawUploads(registry);
    expect(await catchError(() => upload(makeBlob(bytes, CHUNK)))).toMatchObject({ code: 'AUTH' });
    expect(tokenRequests()).toBe(1);
  });

  test('that is refused again and again ends the upload', async () => {
    registry.intercept = ({ method }, response) => {
      if (method === 'PUT') refuse(response, 401, 'UNAUTHORIZED');
      return method === 'PUT';
    };
    const { upload, tokenRequests } = openRawUploads({ ...registry, tokens: ['a', 'b', 'c', 'd', 'e', 'f'] });
    expect(await catchError(() => upload(makeBlob(bytes, CHUNK)))).toMatchObject({ code: 'AUTH' });
    expect(tokenRequests()).toBeLessThan(5);
  });
});

describe('an upload that the registry has lost', () => {
  const bytes = bytesOf(2 * MIB);
  const loseTimes = (times: number): UploadRegistry['intercept'] => {
    let left = times;
    return ({ method }) => {
      if (method === 'PUT' && left-- > 0) registry.forgetUploads();
      return false;
    };
  };

  test('begins anew', async () => {
    registry.intercept = loseTimes(1);
    const { upload, notes } = openRawUploads(registry);
    await upload(makeBlob(bytes, CHUNK));
    expect(notes).toEqual(['vanished 0']);
    expect(registry.blobs.has(digestOf(bytes))).toBe(true);
  });

  test('is not needed when another push has stored the blob', async () => {
    registry.intercept = loseTimes(1);
    const { upload } = openRawUploads({ ...registry, isStored: () => true });
    expect((await upload(makeBlob(bytes, CHUNK))).content.digest).toBe(digestOf(bytes));
    expect(registry.seen.filter((each) => each === 'POST')).toHaveLength(1);
  });

  test('goes through the API when that goes on', async () => {
    registry.intercept = loseTimes(100);
    const sent: OutgoingBlob[] = [];
    const { upload, notes } = openRawUploads({ ...registry, fallBack: takeInto(sent) });
    await upload(makeBlob(bytes, CHUNK));
    expect(sent).toHaveLength(1);
    expect(notes.at(-1)).toContain('answers PUT with HTTP 404, BLOB_UPLOAD_UNKNOWN');
  });
});

describe('bytes that are not those of the digest', () => {
  const bytes = bytesOf(2 * MIB);

  test('are the fault of the source, if it has others', async () => {
    const blob = makeBlob(bytes, CHUNK);
    const other = {
      ...blob,
      id: digestOf('other'),
      content: { digest: digestOf('other'), size: bytes.length },
    };
    const error = await catchError(() => openRawUploads(registry).upload(other));
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(error.message).toContain(digestOf(bytes));
    expect(registry.seen).toEqual(['POST', `PUT ${bytes.length}`]);
  });

  test('are sent again, if the source has the right ones', async () => {
    let left = 1;
    registry.intercept = ({ method }, response) => {
      if (method !== 'PUT' || left-- <= 0) return false;
      refuse(
        response,
        400,
        'BLOB_UPLOAD_INVALID',
        'None of the provided layer digests match the calculated layer digest',
      );
      return true;
    };
    const { upload, notes } = openRawUploads(registry);
    await upload(makeBlob(bytes, CHUNK));
    expect(notes).toEqual(['refused 0']);
  });

  test('are not believed to be stored', async () => {
    registry.intercept = ({ method }, response) => {
      if (method === 'PUT') response.writeHead(201, { 'docker-content-digest': digestOf('other') }).end();
      return method === 'PUT';
    };
    const sent: OutgoingBlob[] = [];
    const { upload, notes } = openRawUploads({ ...registry, fallBack: takeInto(sent) });
    await upload(makeBlob(bytes, CHUNK));
    expect(sent).toHaveLength(1);
    expect(notes.at(-1)).toMatch(
      /refuses its bytes with HTTP 201, so the layer .* was sent through the API\.$/,
    );
  });

  test('are missing when the source is shorter than it says', async () => {
    const blob = makeBlob(bytes, CHUNK);
    const longer = { ...blob, content: { digest: blob.content.digest, size: bytes.length + 1 } };
    const error = await catchError(() => openRawUploads(registry).upload(longer));
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(error.message).toContain(`ended after ${bytes.length} of ${bytes.length + 1} bytes`);
  });

  test('are too many when a compressed layer exceeds the limit', async () => {
    const { upload } = openRawUploads({ ...registry, maxBlobBytes: MIB + 5 });
    expect(await catchError(() => upload(deriveBlob(makeBlob(bytes, CHUNK))))).toMatchObject({
      code: 'LIMIT',
    });
  });

  test('end with the error of a source that cannot be read', async () => {
    const blob = makeBlob(bytes, CHUNK);
    const failing = {
      ...blob,
      open: (start: number) => ({
        ...blob.open(start),
        bytes: failAfter(blob.open(start).bytes, Object.assign(new Error('the disk'), { code: 'EIO' })),
      }),
    };
    await expect(openRawUploads(registry).upload(failing)).rejects.toThrow('the disk');
    expect(registry.seen.filter((each) => each === 'POST')).toHaveLength(1);
  });
});

describe('a registry that works in another way', () => {
  const bytes = bytesOf(200_000);

  test('that names another host gets no token there, and the layer goes through the API', async () => {
    const other = await startUploadRegistry();
    registry.intercept = ({ method }, response) => {
      if (method === 'POST')
        response.writeHead(202, { location: `http://${other.host}/v2/x/blobs/uploads/1` }).end();
      return method === 'POST';
    };
    const sent: OutgoingBlob[] = [];
    const { upload, notes } = openRawUploads({ ...registry, fallBack: takeInto(sent) });
    const blob = makeBlob(bytes, CHUNK);
    await upload(blob);
    expect(sent).toEqual([blob]);
    expect(notes).toEqual([
      `${registry.host} does not say where the upload is, or says another host, so the layer ${blob.id} was sent through the API.`,
    ]);
    expect(other.connections()).toBe(0);
    other.close();
  });

  test.each([302, 404, 405, 413])('that answers %i is left after two layers', async (status) => {
    registry.intercept = ({ method }, response) => {
      if (method === 'PUT') refuse(response, status, 'UNSUPPORTED');
      return method === 'PUT';
    };
    const sent: OutgoingBlob[] = [];
    const { upload, notes } = openRawUploads({ ...registry, fallBack: takeInto(sent) });
    const blobs = [1, 2, 3].map((more) => makeBlob(bytesOf(200_000 + more), CHUNK));
    for (const blob of blobs) await upload(blob);
    expect(sent).toEqual(blobs);
    expect(notes).toHaveLength(2);
    expect(notes[1]).toContain(`answers PUT with HTTP ${status}`);
    expect(registry.seen.filter((each) => each === 'POST')).toHaveLength(2);
  });

  test('gives the API an arriving layer from its first byte', async () => {
    registry.intercept = ({ method }, response) => {
      if (method === 'PUT') refuse(response, 413, 'SIZE');
      return method === 'PUT';
    };
    const read: Buffer[] = [];
    const fallBack = async (blob: OutgoingBlob) => {
      const reading = blob.open(0);
      for await (const chunk of reading.bytes) read.push(Buffer.from(chunk));
      return { outcome: 'uploaded' as const, content: reading.finish(), resumedBytes: 0 };
    };
    await openRawUploads({ ...registry, fallBack }).upload(arriveBlob(makeBlob(bytes, CHUNK)));
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  test('tells what the API says of a repository that is missing', async () => {
    registry.intercept = (_, response) => {
      refuse(response, 404, 'NAME_UNKNOWN');
      return true;
    };
    const fallBack = async (): Promise<never> => {
      throw new EcrpError('NOT_FOUND', 'the API says so');
    };
    const { upload, notes } = openRawUploads({ ...registry, fallBack });
    expect(await catchError(() => upload(makeBlob(bytes, CHUNK)))).toMatchObject({ code: 'NOT_FOUND' });
    expect(notes).toEqual([]);
  });

  test('cannot fill the memory with the document of an error', async () => {
    registry.intercept = ({ method }, response) => {
      if (method !== 'PUT') return false;
      response.writeHead(400);
      const pour = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536, 32))) {}
      };
      response.on('drain', pour);
      pour();
      return true;
    };
    const sent: OutgoingBlob[] = [];
    await openRawUploads({ ...registry, fallBack: takeInto(sent) }).upload(makeBlob(bytes, CHUNK));
    expect(sent).toHaveLength(1);
  });
});

function sayReceived(range: string): UploadRegistry['intercept'] {
  return ({ method, url }, response) => {
    if (method === 'GET') response.writeHead(204, { location: url, range }).end();
    return method === 'GET';
  };
}

function takeInto(sent: OutgoingBlob[]) {
  return async (blob: OutgoingBlob) => {
    sent.push(blob);
    return { outcome: 'uploaded' as const, content: { digest: blob.id, size: 1 }, resumedBytes: 0 };
  };
}

async function* failAfter(chunks: AsyncIterable<Buffer>, error: Error): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const chunk of chunks) {
    yield chunk;
    count += 1;
    if (count === 2) throw error;
  }
}
