import { SCALARS } from './scalars.ts';
import { STRUCTURES } from './structures.ts';

/** Every shape of the API but the operations' own inputs and outputs and the exceptions. */
export const SHAPES = { ...SCALARS, ...STRUCTURES } as const;

export type ShapeName = keyof typeof SHAPES;
