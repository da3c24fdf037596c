"""Thin translations of the outside world: one module an outside API.

An adapter decides nothing and knows no other adapter; what it cannot translate it raises as an error of
`swish_spawner.errors`, with the cause kept.
"""
