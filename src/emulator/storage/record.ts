import type { Digest } from './digest.ts';
import type { CatalogData, Image, RegistryCatalogData } from './model.ts';

/** An image as the journal keeps it: all of it but what is told by other records. */
export type RecordedImage = Omit<Image, 'pushedAt' | 'tags'>;

/** One line of the journal: something that happened. `at` is in milliseconds since the epoch. */
export type JournalRecord =
  | {
      readonly type: 'repository-created';
      readonly at: number;
      readonly repositoryName: string;
      readonly catalogData: CatalogData;
      readonly resourceTags: readonly (readonly [string, string])[];
    }
  | { readonly type: 'repository-deleted'; readonly repositoryName: string }
  | { readonly type: 'catalog-data-set'; readonly repositoryName: string; readonly catalogData: CatalogData }
  | {
      readonly type: 'resource-tags-set';
      readonly repositoryName: string;
      readonly resourceTags: readonly (readonly [string, string])[];
    }
  | { readonly type: 'policy-set'; readonly repositoryName: string; readonly policyText?: string }
  | { readonly type: 'registry-catalog-data-set'; readonly registryCatalogData: RegistryCatalogData }
  | {
      readonly type: 'image-put';
      readonly at: number;
      readonly repositoryName: string;
      readonly image: RecordedImage;
      readonly tag?: string;
    }
  | {
      readonly type: 'tag-put';
      readonly at: number;
      readonly repositoryName: string;
      readonly digest: Digest;
      readonly tag: string;
    }
  | { readonly type: 'tag-deleted'; readonly repositoryName: string; readonly tag: string }
  | { readonly type: 'image-deleted'; readonly repositoryName: string; readonly digest: Digest }
  | {
      readonly type: 'upload-started';
      readonly at: number;
      readonly repositoryName: string;
      readonly uploadId: string;
    }
  | { readonly type: 'part-appended'; readonly uploadId: string; readonly size: number }
  | { readonly type: 'upload-dropped'; readonly uploadId: string }
  | {
      readonly type: 'layer-added';
      readonly repositoryName: string;
      readonly digest: Digest;
      readonly size: number;
      readonly mediaType?: string;
      /** The upload that ended with it; its file becomes the blob after this line is written. */
      readonly uploadId?: string;
    }
  | { readonly type: 'layer-deleted'; readonly repositoryName: string; readonly digest: Digest }
  /** A blob's file was found damaged: its layers and its image are gone from every repository. */
  | { readonly type: 'blob-lost'; readonly digest: Digest };
