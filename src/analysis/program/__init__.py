"""Speech or music, and how loud."""
