/** The connections behind Thousand Island: who there is, from the links of their supervisors, and how each was told. */

import { type Answer, BATCH, Script } from "../otp/index.ts";
import { Atom, type Term } from "../term/index.ts";
import type { SocketSource } from "./adapter.ts";
import { BANDIT } from "./bandit-source.ts";
import { ISLAND } from "./island-source.ts";
import type { Connection } from "./socket.ts";
import { examineScript } from "./sockets.ts";

/** A connection is linked to the supervisor that is its parent. Supervisors are only counted on to see whether they answer. */
const ENTRIES: Script = new Script({
  name: "thousand_island_connections",
  bindings: ["Wait", "Only"],
  readOnly: true,
  source: `
${BATCH}${ISLAND}
Listed = [{Ref, Sup} || {Ref, Server, _} <- Servers, Only =:= all orelse lists:member(Ref, Only),
                        Acceptors <- AcceptorSups(Server), Sup <- ConnectionSups(Acceptors)],
{[{Ref, Pid} || {Ref, Sup} <- Listed, {Pid, _} <- Kids(Sup)],
 [{Parent, Parent} || Parent <- HungParents] ++
 [Pair || {Pair, {_, timeout}} <- lists:zip(Listed, Counts([Sup || {_, Sup} <- Listed], Now() + Wait))]}`,
});

/** See {@link SocketSource}. */
export const ISLAND_SOCKETS: SocketSource = {
  entries: ENTRIES,
  examine: examineScript("bandit_connections", BANDIT),
  explain,
};

const WORDS: Readonly<Record<string, string>> = {
  first: "it waits for the first byte",
  handshake: "it is in its TLS handshake",
  head: "it reads the head of a request",
  streams: "its HTTP/2 requests run",
  channels: "channels are joined through it",
  silent: "it does not answer: busy",
  deep: "neither its stack nor its state shows what it does",
  big: "it is too big to be asked",
  none: "it ended meanwhile",
};

function explain(answer: Answer, by: Term): Pick<Connection, "evidence" | "stop"> {
  if (by instanceof Atom) return { evidence: WORDS[by.name] ?? by.name, stop: "suspend" };
  const [tag, what] = answer.tuple(by, 2);
  const module = answer.atom(what).replace(/^Elixir\./, "");
  switch (answer.atom(tag)) {
    case "code":
      return { evidence: `it runs ${module}`, stop: "suspend" };
    case "status":
      return { evidence: `sys:get_status names ${module}`, stop: "suspend" };
    default:
      return { evidence: `${module} is not of Bandit`, stop: "none" };
  }
}
