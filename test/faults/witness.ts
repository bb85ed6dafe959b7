/** Who got a message: the runtime's own trace of the gen_servers of a node. */

import type { Target } from "../guard/target.ts";

/** Starts to count what these processes receive. */
export async function witness(target: Target): Promise<void> {
  await target.eval(`
    {_, Kept} = process_info(whereis(servers), dictionary), {_, Pids} = lists:keyfind(pids, 1, Kept),
    Self = self(),
    spawn(fun() ->
      register(witness, self()),
      [erlang:trace(P, true, ['receive']) || P <- Pids],
      Self ! ready,
      Loop = fun Loop(N) ->
        receive
          {trace, _, 'receive', _} -> Loop(N + 1);
          {count, Who} -> Who ! {count, N}, Loop(N)
        end
      end,
      Loop(0)
    end),
    receive ready -> ok end`);
}

/** How many messages they have received since. */
export async function witnessed(target: Target): Promise<number> {
  return Number(await target.eval("witness ! {count, self()}, receive {count, N} -> N end"));
}
