/** What our work takes on a node at most: the memory of the processes that it starts, told by their garbage collections. */

import { evaluate, type Remote } from "../../../src/otp/index.ts";
import type { Term } from "../../../src/term/index.ts";

/** Of the biggest process that the node started while `work` ran, in bytes. */
export interface Peak {
  /** What it had of the system, garbage included. */
  readonly taken: number;
  /** What of it was filled: it does not jump when the heap takes its next size. */
  readonly filled: number;
}

/** Measures `work`; nobody else may start processes on the node meanwhile. */
export async function peakOf(remote: Remote, work: () => Promise<unknown>): Promise<Peak> {
  const erlang = (text: string) => evaluate(remote, text, { language: "erlang" });
  await erlang(`
    Sum = fun(Info, Keys) -> lists:sum([proplists:get_value(Key, Info, 0) || Key <- Keys]) * erlang:system_info(wordsize) end,
    Loop = fun Loop(Taken, Filled) -> receive
      {trace, _, _, Info} -> Loop(max(Taken, Sum(Info, [heap_block_size, old_heap_block_size, mbuf_size])),
                                  max(Filled, Sum(Info, [heap_size, old_heap_size, mbuf_size])));
      {tell, To, Ref} -> To ! {Ref, [Taken, Filled]} end
    end,
    Tracer = spawn(fun() -> register(beamctl_peak, self()), Loop(0, 0) end),
    erlang:trace(new_processes, true, [garbage_collection, {tracer, Tracer}]), ok`);
  try {
    await work();
  } finally {
    await erlang("erlang:trace(new_processes, false, [garbage_collection]), ok");
  }
  const peak = await erlang(`
    Traced = erlang:trace_delivered(all), receive {trace_delivered, all, Traced} -> ok end,
    Ref = make_ref(), beamctl_peak ! {tell, self(), Ref}, receive {Ref, Found} -> Found end`);
  const [taken, filled] = (peak as readonly Term[]).map(Number);
  return { taken: taken ?? 0, filled: filled ?? 0 };
}
