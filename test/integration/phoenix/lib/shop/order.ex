defmodule Shop.Order do
  @moduledoc "An order, and how one is made."
  use Ecto.Schema

  import Ecto.{Changeset, Query}

  alias Shop.Repo

  @derive {Jason.Encoder, only: [:id, :item, :quantity]}
  schema "orders" do
    field :item, :string
    field :quantity, :integer, default: 1
    timestamps(type: :utc_datetime_usec)
  end

  def changeset(order \\ %__MODULE__{}, params) do
    order
    |> cast(params, [:item, :quantity])
    |> validate_required([:item, :quantity])
    |> validate_number(:quantity, greater_than: 0)
  end

  def all, do: Repo.all(from(o in __MODULE__, order_by: o.id))

  def create(params) do
    with {:ok, order} <- params |> changeset() |> Repo.insert() do
      :telemetry.execute([:shop, :order, :created], %{quantity: order.quantity}, %{
        id: order.id,
        item: order.item
      })

      {:ok, order}
    end
  end
end
