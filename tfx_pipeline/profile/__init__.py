"""What a trained shop knows of one user, in the words of its catalogue: `shoprank profile`.

`stored_shop` reads the files, without TensorFlow; `interests`, `price_habit`, `repeat_habit` and `nearest_users` say
one thing each; `user_profile` puts them together and `printing` shows it.
"""
