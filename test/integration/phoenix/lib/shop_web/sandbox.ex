defmodule ShopWeb.Sandbox do
  @moduledoc """
  Lets a channel or a LiveView take part in the transaction of the test that opened it, in the release `e2e`.

  The test is told by its user agent. In any other build this does nothing.
  """

  @sandbox Application.compile_env(:shop, :sandbox)

  if @sandbox do
    def allow(user_agent), do: Phoenix.Ecto.SQL.Sandbox.allow(user_agent, @sandbox)
  else
    def allow(_user_agent), do: :ok
  end

  def on_mount(:default, _params, _session, socket) do
    allow(Phoenix.LiveView.get_connect_info(socket, :user_agent))
    {:cont, socket}
  end
end
