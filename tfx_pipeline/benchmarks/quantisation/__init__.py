"""Servables with vectors and weights in fewer bytes beside the same one in float32."""
