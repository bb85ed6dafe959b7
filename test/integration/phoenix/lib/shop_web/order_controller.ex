defmodule ShopWeb.OrderController do
  use Phoenix.Controller, formats: [:json]

  alias Shop.Order

  def index(conn, _params), do: json(conn, %{orders: Order.all()})

  def create(conn, params) do
    case Order.create(params) do
      {:ok, order} -> conn |> put_status(201) |> json(order)
      {:error, changeset} -> conn |> put_status(422) |> json(%{errors: errors(changeset)})
    end
  end

  defp errors(changeset), do: Ecto.Changeset.traverse_errors(changeset, &elem(&1, 0))
end
