"""A long run at full load: is memory flat, is the last minute as quick as the first, is every slot left?"""
