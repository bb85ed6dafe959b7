defmodule Shop.Counter do
  @moduledoc "Counts visits. Its state is a number."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  def bump, do: GenServer.call(__MODULE__, :bump)
  def value, do: GenServer.call(__MODULE__, :value)

  @impl true
  def init(_), do: {:ok, 0}

  @impl true
  def handle_call(:bump, _from, count), do: {:reply, count + 1, count + 1}
  def handle_call(:value, _from, count), do: {:reply, count, count}
end
