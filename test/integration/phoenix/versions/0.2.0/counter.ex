defmodule Shop.Counter do
  @moduledoc "Counts visits. Its state is a map, since it also counts what came after the start or the upgrade."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  def bump, do: GenServer.call(__MODULE__, :bump)
  def value, do: GenServer.call(__MODULE__, :value)

  @impl true
  def init(_), do: {:ok, from(0)}

  @impl true
  def handle_call(:bump, _from, state) do
    state = %{state | count: state.count + 1, since: state.since + 1}
    {:reply, state.count, state}
  end

  def handle_call(:value, _from, state), do: {:reply, state.count, state}

  # On the way down the newer code is asked, before the older one is loaded.
  @impl true
  def code_change({:down, _vsn}, %{count: count}, _extra), do: {:ok, count}
  def code_change(_vsn, count, _extra) when is_integer(count), do: {:ok, from(count)}

  defp from(count), do: %{count: count, since: 0}
end
