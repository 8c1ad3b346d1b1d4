import type { FaultPlan } from '../faults/fault-plan.ts';
import type { RegistryContext } from '../registry/exchange.ts';
import type { BufferPool } from './buffer-pool.ts';

/** What the emulator works with. */
export interface ApiContext extends RegistryContext {
  readonly faults: FaultPlan;
  readonly bufferPool: BufferPool;
  /** Aborted when the emulator closes. */
  readonly closing: AbortSignal;
}
