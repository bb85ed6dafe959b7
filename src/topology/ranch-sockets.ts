/** The connections behind Ranch: who there is, from the dictionaries of its connection supervisors. */

import { type Answer, BATCH, Script } from "../otp/index.ts";
import { Atom, type Term, Tuple } from "../term/index.ts";
import type { SocketSource } from "./adapter.ts";
import { COWBOY } from "./cowboy-source.ts";
import { RANCH } from "./ranch-source.ts";
import type { Connection } from "./socket.ts";
import { examineScript } from "./sockets.ts";

/** Its connection supervisors, with the size of what each keeps: one that does not answer may hold any number. */
const ENTRIES: Script = new Script({
  name: "ranch_connections",
  bindings: ["Wait", "Only"],
  readOnly: true,
  source: `
${BATCH}${RANCH}
Listed = [Pair || Pair = {Ref, _} <- Conns, Only =:= all orelse lists:member(Ref, Only)],
Answers = lists:zip(Listed, [Answer || {_, Answer} <- Counts([Sup || {_, Sup} <- Listed], Now() + Wait)]),
SizeOf = fun(Count) when is_list(Count) -> case lists:keyfind(active, 1, Count) of {_, Size} -> Size; false -> 0 end; (_) -> 10000 end,
{[{SizeOf(Answer), Pair} || {Pair, Answer} <- Answers], [Pair || {Pair, timeout} <- Answers]}`,
});

/** Ranch notes in a supervisor's dictionary each connection as `active`, `removed` (taken over, as by a websocket), or `true` before 1.3. */
const UNFOLD: Script = new Script({
  name: "ranch_connections",
  bindings: ["Holders"],
  readOnly: true,
  source: `
Pairs = fun(Sup) -> case process_info(Sup, dictionary) of
    undefined -> [];
    {_, Dictionary} -> [Pair || Pair = {Pid, _} <- Dictionary, is_pid(Pid)] end
end,
[{Ref, Pairs(Sup)} || {Ref, Sup} <- Holders]`,
});

/** The same for every Ranch: its connections tell themselves whether they are Cowboy 1's or 2's. */
export const RANCH_SOCKETS: SocketSource = {
  entries: ENTRIES,
  unfold: UNFOLD,
  examine: examineScript("cowboy_connections", COWBOY),
  explain,
};

function explain(answer: Answer, by: Term): Pick<Connection, "evidence" | "stop"> {
  if (!(by instanceof Tuple)) {
    return by instanceof Atom && by.name === "removed"
      ? { evidence: "Ranch noted that its connection was taken over", stop: "suspend" }
      : { evidence: "it shows no module of Cowboy", stop: "none" };
  }
  const [tag, what] = answer.tuple(by, 2);
  switch (answer.atom(tag)) {
    case "code":
      return { evidence: `it runs ${answer.atom(what)}`, stop: "suspend" };
    case "status":
      return { evidence: `sys:get_status names ${answer.atom(what)}`, stop: "suspend" };
    case "http2": {
      const over = String(answer.pid(what));
      return {
        evidence: `cowboy_websocket in a request of the HTTP/2 connection ${over}`,
        stop: "suspend",
      };
    }
    case "cowboy1":
      return { evidence: IN_COWBOY1[answer.atom(what)] ?? "it runs in Cowboy 1", stop: "freeze" };
    default:
      return { evidence: `${answer.atom(what)} is not of Cowboy`, stop: "none" };
  }
}

const IN_COWBOY1: Readonly<Record<string, string>> = {
  removed: "Ranch noted that its connection was taken over; Cowboy 1",
  channel: "a channel of Phoenix is linked to it; Cowboy 1",
  hidden: "it runs in Cowboy 1, too deep in other code to tell what for",
};
