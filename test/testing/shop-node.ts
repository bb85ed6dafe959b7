/** A node with a small Elixir application of servers and supervisors of every kind, for probes. */

import { type BeamNode, connect } from "../../src/node/index.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const SHOP = `
defmodule Shop.Cart do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, [], name: name)
  @impl true
  def init(_), do: {:ok, %{id: 7, items: []}}
  @impl true
  def handle_call(:get, _from, state), do: {:reply, {:ok, state}, state}
  def handle_call({:sleep, ms}, _from, state) do
    Process.sleep(ms)
    {:reply, :ok, state}
  end
  def handle_call(:stop, _from, state), do: {:stop, :normal, :ok, state}
  @impl true
  def handle_cast({:add, item}, state), do: {:noreply, %{state | items: [item | state.items]}}
  @impl true
  def handle_info({:later, ms, item}, state) do
    Process.send_after(self(), {:add, item}, ms)
    {:noreply, state}
  end
  def handle_info({:add, item}, state), do: {:noreply, %{state | items: [item | state.items]}}
  def handle_info(:boom, _state), do: raise("boom")
  def handle_info(:stuck, state) do
    receive do
      :go -> {:noreply, state}
    end
  end
end

defmodule Shop.Lone do
  use GenServer, restart: :temporary
  def start_link(name), do: GenServer.start_link(__MODULE__, name, name: name)
  @impl true
  def init(name) do
    Process.flag(:trap_exit, true)
    {:ok, name}
  end
end

defmodule Shop.Friend do
  use GenServer, restart: :temporary
  def start_link(name), do: GenServer.start_link(__MODULE__, name, name: name)
  @impl true
  def init(name) do
    Process.link(Process.whereis(Shop.Lone))
    {:ok, name}
  end
end

defmodule Shop.Application do
  use Application
  @impl true
  def start(_type, _args) do
    one = fn name -> Supervisor.child_spec({Shop.Cart, name}, id: name) end
    sup = fn name, children, options ->
      %{id: name, type: :supervisor, restart: :temporary, start: {Supervisor, :start_link, [children, [name: name] ++ options]}}
    end
    children = [
      one.(Shop.Cart),
      {Shop.Lone, Shop.Lone},
      {Shop.Friend, Shop.Friend},
      {DynamicSupervisor, strategy: :one_for_one, name: Shop.Carts},
      sup.(Shop.All, [one.(Shop.Left), one.(Shop.Right)], strategy: :one_for_all),
      sup.(Shop.Brittle, [one.(Shop.Glass)], strategy: :one_for_one, max_restarts: 0),
      %{id: :events, start: {:gen_event, :start_link, [{:local, :shop_events}]}}
    ]
    Supervisor.start_link(children, strategy: :one_for_one, max_restarts: 100, name: Shop.Supervisor)
  end
end

:ok = :application.load({:application, :shop, [vsn: '1', modules: [], registered: [], applications: [:kernel, :stdlib], mod: {Shop.Application, []}]})
:ok = :application.start(:shop, :temporary)
`;

/** A node that runs the application `shop`, and a link to it. */
export interface ShopNode extends AsyncDisposable {
  readonly erl: BeamProcess;
  readonly node: BeamNode;
  /** Another link. */
  open(): Promise<BeamNode>;
}

/** Starts it: about a second. */
export async function startShopNode(set: OtpSet): Promise<ShopNode> {
  const erl = await startErl({ otp: await provision(set), elixir: SHOP });
  const open = () =>
    connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });
  const node = await open();
  return {
    erl,
    node,
    open,
    [Symbol.asyncDispose]: async () => {
      await node.close();
      await erl[Symbol.asyncDispose]();
    },
  };
}
