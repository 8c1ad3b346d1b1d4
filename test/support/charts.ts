import { gzipSync } from 'node:zlib';
import { packTar, type TarItem } from './images.ts';

/** Chart.yaml of a chart `mychart` 0.1.0. */
export const CHART_YAML = 'apiVersion: v2\nname: mychart\nversion: 0.1.0\n';

/** Packs a chart whose files are in the folder `mychart`, in the order given: names in it and their contents. */
export async function packChart(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const items = Object.entries(files).map(
    ([name, content]): TarItem => ({ name: `mychart/${name}`, content: Buffer.from(content) }),
  );
  return gzipSync(await packTar(items));
}
