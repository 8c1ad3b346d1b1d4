import { expect, test } from 'vitest';
import { callApi, failApi } from '../support/call-api.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';
import { spawnEmulator } from './emulator-process.ts';
import { REPOSITORY, Witness } from './witness.ts';

const MIB = 1024 * 1024;
const makeDirectory = useTemporaryDirectories();

test('a part that does not fit is refused, and everything else continues', async () => {
  const directory = await makeDirectory();
  const full = await spawnEmulator(directory, 8 * MIB);
  await callApi(full, 'CreateRepository', { repositoryName: REPOSITORY });
  const witness = new Witness(() => undefined);
  await witness.push(full, 'before', 1000);
  await expect(witness.push(full, 'too large', 11 * MIB)).rejects.toThrow('UploadLayerPart failed');
  await witness.push(full, 'after', 1000);
  await full.kill();
  const roomy = await spawnEmulator(directory);
  await witness.check(roomy);
  await roomy.kill();
});

test('a journal that cannot grow keeps everything acknowledged', async () => {
  const directory = await makeDirectory();
  const full = await spawnEmulator(directory, MIB);
  await callApi(full, 'CreateRepository', { repositoryName: REPOSITORY });
  const makeInput = (count: number, length: number) => ({
    repositoryName: REPOSITORY,
    catalogData: { aboutText: `${count} `.padEnd(length, 'x') },
  });
  // Each adds more than 25,000 bytes to the journal, which may have 1 MiB.
  for (let count = 0; count < 35; count++) {
    await callApi(full, 'PutRepositoryCatalogData', makeInput(count, 25_000));
  }
  await expect(
    (async () => {
      for (let count = 35; ; count++) {
        await callApi(full, 'PutRepositoryCatalogData', makeInput(count, 25_000));
      }
    })(),
  ).rejects.toThrow('PutRepositoryCatalogData failed');
  const error = await failApi(full, 'PutRepositoryCatalogData', makeInput(0, 25_000));
  expect(error.__type).toBe('ServerException');
  const last = makeInput(1, 10);
  await callApi(full, 'PutRepositoryCatalogData', last);
  await full.kill();
  const roomy = await spawnEmulator(directory);
  const { catalogData } = await callApi(roomy, 'GetRepositoryCatalogData', { repositoryName: REPOSITORY });
  expect(catalogData).toEqual(last.catalogData);
  await roomy.kill();
});
