import type { FaultPlan } from '../faults/fault-plan.ts';
import type { RegistryContext } from '../registry/exchange.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { ByteBudget } from './byte-budget.ts';

/** What the emulator works with. */
export interface ApiContext extends RegistryContext {
  readonly faults: FaultPlan;
  readonly bufferPool: BufferPool;
  /** For bodies that are being received. */
  readonly bodyBudget: ByteBudget;
  /** Aborted when the emulator closes. */
  readonly closing: AbortSignal;
}
