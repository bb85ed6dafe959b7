defmodule ShopWeb.RoomChannel do
  use Phoenix.Channel

  alias ShopWeb.{Presence, Sandbox}

  @version "0.1.0"

  @impl true
  def join("room:" <> _, _params, socket) do
    Sandbox.allow(socket.assigns.user_agent)
    send(self(), :joined)
    {:ok, %{vsn: @version}, assign(socket, :count, 0)}
  end

  @impl true
  def handle_info(:joined, socket) do
    {:ok, _} = Presence.track(socket, socket.assigns.name, %{node: node()})
    push(socket, "presence_state", Presence.list(socket))
    {:noreply, socket}
  end

  @impl true
  def handle_in("ping", payload, socket), do: {:reply, {:ok, payload}, socket}
  def handle_in("vsn", _, socket), do: {:reply, {:ok, %{vsn: @version}}, socket}

  def handle_in("bump", _, socket) do
    socket = update_in(socket.assigns.count, &(&1 + 1))
    {:reply, {:ok, %{count: socket.assigns.count}}, socket}
  end

  def handle_in("orders", _, socket), do: {:reply, {:ok, %{orders: Shop.Order.all()}}, socket}

  def handle_in("shout", payload, socket) do
    broadcast!(socket, "shout", payload)
    {:noreply, socket}
  end

  def handle_in("slow", %{"ms" => ms}, socket) do
    Process.sleep(ms)
    {:reply, {:ok, %{slept: ms}}, socket}
  end

  def handle_in("crash", _, _socket), do: raise("asked to")
end
