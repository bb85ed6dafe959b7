defmodule ShopWeb.CounterLive do
  use Phoenix.LiveView

  @impl true
  def mount(_params, _session, socket) do
    {:ok, assign(socket, count: 0, orders: length(Shop.Order.all()))}
  end

  @impl true
  def handle_event("inc", _params, socket), do: {:noreply, update(socket, :count, &(&1 + 1))}

  @impl true
  def render(assigns) do
    ~H"""
    <p id="version">shop 0.1.0</p>
    <p id="orders">{@orders}</p>
    <button phx-click="inc">{@count}</button>
    """
  end
end
